"""What other readers of a group saved together with what this reader likes.

Source: Deshpande and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004,
section 4.1.1 (cosine, with readers of many papers counting less for each).
"""

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float64]

#: Saves that stand in every paper's count, so that one common reader is not certainty.
PRIOR_SAVES = 1.0
#: Of a likeness of 1, in units of an interest's score (docs/decisions/030-interests.md).
LIFT = 125.0


def item_factors(
    saves: sparse.csr_array, *, n_saved: npt.ArrayLike | None = None
) -> sparse.csr_array:
    """(n_readers, n_docs) 0/1 saves, scaled so that the inner product of two columns is the
    papers' likeness: cosine of the columns, each reader weighted by one over ln(1 + library).

    `n_saved` (n_readers,) is how large the libraries are, where not all their papers are columns.
    """
    counts = saves.sum(axis=1) if n_saved is None else n_saved
    sizes = np.maximum(np.asarray(counts, dtype=np.float64).ravel(), 1.0)
    readers = sparse.diags_array(1.0 / np.sqrt(np.log1p(sizes)))
    weighed = sparse.csr_array(readers @ saves)
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=0)).ravel() + PRIOR_SAVES)
    return sparse.csr_array(weighed @ sparse.diags_array(1.0 / lengths))


def collaborative_scores(factors: sparse.csr_array, likes: npt.ArrayLike) -> Floats:
    """(n_docs,) mean likeness of every paper to the likes (rows of the corpus); 0 without saves.

    `factors` as `item_factors` gives them; the reader's own row should not be in them.
    """
    chosen = np.asarray(likes, dtype=np.int64)
    if chosen.size == 0:
        return np.zeros(int(factors.shape[1]))
    readers = np.asarray(factors[:, chosen].sum(axis=1), dtype=np.float64).ravel() / chosen.size
    scores: Floats = np.asarray(factors.T @ readers, dtype=np.float64).ravel()
    return scores


def lift(factors: sparse.csr_array, likes: npt.ArrayLike) -> Floats:
    """(n_docs,) >= 0: what others' saves add to each paper's score.

    `factors` and `likes` as in `collaborative_scores`. The root, against the few very large; what
    is usual for papers that are not liked counts for nothing, so that somebody who saves all there
    is lifts none of it.
    """
    roots = np.sqrt(collaborative_scores(factors, likes))
    others = np.delete(roots, np.asarray(likes, dtype=np.int64))
    usual = float(np.median(others)) if others.size else 0.0
    lifts: Floats = LIFT * np.maximum(roots - usual, 0.0)
    return lifts
