"""The tokens of many Chinese texts at once: the ids that the tokenizer gives, in a third of its time.

`tokenizers` walks each text alone, byte by byte, through a trie of hash maps. Here numpy walks a few hundred texts in
step, character by character: first every piece at every place (a trie in one hash table), then the likeliest path
(Viterbi, in the same order of additions and with the same choice between equals), then the path backwards.
Only plain texts are read so: those of signs that the normaliser maps one to one to known pieces, and white space.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Places (characters times texts) that are worked on together: 512 texts of 200 characters stay in the cache.
_CELLS = 102_400
# A longer text leaves too few beside it in a block for numpy to gain.
PLAIN_LENGTH_MAX = 1_000
# Where a character may lie whose normal form doesn't depend on its neighbours.
_PLAIN_RANGES = ((0x20, 0x7F), (0xA0, 0xC0), (0x2010, 0x2070), (0x3000, 0x3030), (0x3400, 0xA000), (0xFF01, 0xFF5F))
_WHITE = 0
_NOT_PLAIN = -1
_EMPTY = -1
_SUPPORTED = {
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]},
    "pre_tokenizer": {"type": "WhitespaceSplit"},
}


class BatchTokenizer:
    """The pieces of a Unigram tokenizer as a trie of arrays."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Read the tokenizer's pieces (0.2 s).

        Raises:
            ValueError: it isn't a Unigram model after NFKC, lower case and a split at white space.
        """
        spec = json.loads(tokenizer.to_str())
        if spec["model"]["type"] != "Unigram" or any(spec[part] != wanted for part, wanted in _SUPPORTED.items()):
            raise ValueError("only a Unigram tokenizer with NFKC, lower case and a split at white space is read")
        nodes = self._read_pieces(spec["model"]["vocab"])
        self._keys, self._children, self._shift = _hash_table(nodes)
        self._signs = self._read_signs(tokenizer, nodes)

    def _read_pieces(self, vocabulary: Sequence[tuple[str, float]]) -> dict[int, int]:
        """Fills the ids and scores of the nodes; returns (node << 16 | character) -> child. Node 0 is the root."""
        nodes: dict[int, int] = {}
        ends: dict[int, int] = {}
        self._reach = 1
        for place, (piece, _) in enumerate(vocabulary):
            if max(map(ord, piece), default=0) > 0xFFFF:
                continue  # such a character isn't plain
            self._reach = max(self._reach, len(piece))
            node = 0
            for letter in piece:
                node = nodes.setdefault(node << 16 | ord(letter), len(nodes) + 1)
            ends[node] = place
        self._ids = np.full(len(nodes) + 1, -1, dtype=np.int32)
        self._scores = np.full(len(nodes) + 1, -np.inf)
        for node, place in ends.items():
            self._ids[node], self._scores[node] = place, vocabulary[place][1]
        return nodes

    def _read_signs(self, tokenizer: Tokenizer, nodes: dict[int, int]) -> NDArray[np.int32]:
        """Character -> its normal form where that is one known piece, white space, or not plain."""
        signs = np.full(0x10000, _NOT_PLAIN, dtype=np.int32)
        normal: Any = tokenizer.normalizer
        for first, end in _PLAIN_RANGES:
            for code in range(first, end):
                form = normal.normalize_str(chr(code))
                node = nodes.get(ord(form)) if len(form) == 1 and ord(form) <= 0xFFFF else None
                if node is not None and self._ids[node] >= 0:
                    signs[code] = ord(form)
        for letter in " \t\n\r\u3000":
            signs[ord(letter)] = _WHITE
        self._first = np.zeros(0x10000, dtype=np.int32)
        for key, node in nodes.items():
            if key < 0x10000:
                self._first[key] = node
        return signs

    def plain(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Which of the texts can be read here."""
        codes, starts = _code_points(texts)
        lengths = np.diff(starts)
        bad = (codes > 0xFFFF) | (self._signs[np.minimum(codes, 0xFFFF)] == _NOT_PLAIN)
        count = np.concatenate([[0], np.cumsum(bad)])
        return np.asarray((count[starts[1:]] == count[starts[:-1]]) & (lengths <= PLAIN_LENGTH_MAX))

    def ids(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """(flat ids, starts) of plain texts: text i owns `ids[starts[i]:starts[i + 1]]`."""
        codes, places = _code_points(texts)
        signs, lengths = self._signs[codes], np.diff(places)
        order = np.argsort(lengths, kind="stable")
        counts = np.zeros(len(texts), dtype=np.int64)
        blocks: list[tuple[NDArray[np.int64], NDArray[np.int32]]] = []
        begin = 0
        while begin < len(order):
            end = begin + 1
            while end < len(order) and int(lengths[order[end]]) * (end - begin + 1) <= _CELLS:
                end += 1
            rows = order[begin:end]
            found = self._block(signs, places[rows], lengths[rows], int(lengths[rows[-1]]))
            counts[rows] = (found >= 0).sum(axis=1)
            blocks.append((rows, found))
            begin = end
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        flat = np.empty(int(starts[-1]), dtype=np.int32)
        for rows, found in blocks:
            text, step = np.nonzero(found >= 0)  # row by row, from left to right
            within = np.arange(len(text)) - np.repeat(np.cumsum(counts[rows]) - counts[rows], counts[rows])
            flat[starts[rows][text] + within] = found[text, step]
        return flat, starts

    def _block(
        self, signs: NDArray[np.int32], places: NDArray[np.int64], lengths: NDArray[np.int64], longest: int
    ) -> NDArray[np.int32]:
        """(n_texts, longest) ids of texts that start at `places`, in order, with -1 between them."""
        n = len(places)
        # Column by column, so that the next character of every text lies n further; below each text, white space.
        text = np.zeros((longest + self._reach, n), dtype=np.int32)
        if longest:
            wanted = places + np.minimum(np.arange(longest)[:, None], np.maximum(lengths - 1, 0))
            inside = np.arange(longest)[:, None] < lengths
            text[:longest] = np.where(inside, signs[np.minimum(wanted, len(signs) - 1)], _WHITE)
        ends = self._pieces_by_end(text, longest)
        back = self._likeliest(text, ends, longest)
        return self._walk_back(ends, back, lengths)

    def _pieces_by_end(self, text: NDArray[np.int32], longest: int) -> NDArray[np.int32]:
        """(longest + 1, reach, n): the node of the piece that ends before place j, longest piece first; 0 for none."""
        n, reach = text.shape[1], self._reach
        ends = np.zeros((longest + 1, reach, n), dtype=np.int32)
        flat, out = text.reshape(-1), ends.reshape(-1)
        at = np.flatnonzero(flat[: longest * n])
        row, column = np.divmod(at, n)
        slot = row * (reach * n) + column
        node = self._first[flat[at]]
        for length in range(1, reach + 1):
            if length > 1:
                at = at + n
                letter = flat[at]
                node = self._child(node, letter)
                kept = np.flatnonzero(node)
                at, slot, node = at[kept], slot[kept], node[kept]
                if not len(at):
                    break
            out[slot + length * reach * n + (reach - length) * n] = node
        return ends

    def _child(self, node: NDArray[np.int32], letter: NDArray[np.int32]) -> NDArray[np.int32]:
        keys = node.astype(np.int64) << 16 | letter
        slots = _slots(keys, self._shift)
        seen = self._keys[slots]
        child = np.where(seen == keys, self._children[slots], 0)
        left = np.flatnonzero((seen != keys) & (seen != _EMPTY))
        while len(left):
            slots[left] = (slots[left] + 1) & (len(self._keys) - 1)
            seen = self._keys[slots[left]]
            hit = seen == keys[left]
            child[left[hit]] = self._children[slots[left[hit]]]
            left = left[~hit & (seen != _EMPTY)]
        return child

    def _likeliest(self, text: NDArray[np.int32], ends: NDArray[np.int32], longest: int) -> NDArray[np.int8]:
        """(longest + 1, n): which of the pieces that end at a place the best path takes."""
        n, reach = text.shape[1], self._reach
        best = np.zeros((longest + 1 + reach, n))
        back = np.zeros((longest + 1, n), dtype=np.int8)
        ink = text != _WHITE
        columns = np.arange(n)
        for end in range(1, longest + 1):
            scores = self._scores[ends[end]]
            scores += best[end - 1 : end - 1 + reach]
            # The first of equals is the longest piece, as it is for a path that is only left for a better one.
            chosen = scores.argmax(axis=0)
            back[end] = chosen
            # White space ends a word: the next one starts from nothing.
            best[end - 1 + reach] = np.where(ink[end - 1], scores[chosen, columns], 0.0)
            back[end][~ink[end - 1]] = reach - 1
        return back

    def _walk_back(
        self, ends: NDArray[np.int32], back: NDArray[np.int8], lengths: NDArray[np.int64]
    ) -> NDArray[np.int32]:
        reach = ends.shape[1]
        ids = np.full((len(lengths), len(ends) - 1), -1, dtype=np.int32)
        at, text = lengths.copy(), np.arange(len(lengths))
        while True:
            going = np.flatnonzero(at)
            if not len(going):
                return ids
            at, text = at[going], text[going]
            piece = back[at, text]
            length = reach - piece.astype(np.int64)
            ids[text, at - length] = self._ids[ends[at, piece, text]]
            at = at - length


def _code_points(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return codes, np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)


def _slots(keys: NDArray[np.int64], shift: int) -> NDArray[np.int64]:
    # Multiplied by 2^64 over the golden ratio; the top bits are the slot (Knuth, 6.4).
    mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(shift)).astype(np.int64)


def _hash_table(nodes: dict[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int32], int]:
    """(keys, children, shift): open addressing, a fifth full or less."""
    bits = max(4, (5 * len(nodes)).bit_length())
    keys, children = np.fromiter(nodes, np.int64, len(nodes)), np.fromiter(nodes.values(), np.int32, len(nodes))
    table = np.full(1 << bits, _EMPTY, dtype=np.int64)
    values = np.zeros(1 << bits, dtype=np.int32)
    slots = _slots(keys, 64 - bits)
    left = np.arange(len(keys))
    while len(left):
        free = left[table[slots[left]] == _EMPTY]
        table[slots[free]] = keys[free]  # of several in one slot the last stays
        values[slots[free]] = children[free]
        left = left[table[slots[left]] != keys[left]]
        slots[left] = (slots[left] + 1) & ((1 << bits) - 1)
    return table, values, 64 - bits
