"""The pages that people read: server-rendered, Chinese, with no outside host."""
