"""Teaching a product: pictures are handed over, checked, and the worker is asked to learn from them."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any, Final

import streamlit as st

from dashboard.context import records, settings
from dashboard.telling import attempt
from dashboard.uploads import LARGEST_MB, MOST_FILES, TYPES, Kept, keep_uploads
from dashboard.visitors import require
from inspector.errors import DashboardError
from inspector.limits import normals_needed, promised_rate
from inspector.records import Decision, JobKind, Role

_KEPT: Final = "uploads-kept"
RATE: Final = 0.01
"""False-reject rate that a first training aims at."""


def show_teaching(product: str | None, *, is_active: bool) -> None:
    """Draw the upload, what was found of it, and the buttons that ask for a training.

    Args:
        product: which; None: a new one, whose name is asked for.
        is_active: a bundle judges it already, so that it can learn further.

    Raises:
        RecordsError: the records cannot be reached.
    """
    name = product
    if name is None:
        name = st.text_input("Name of the new product", key="new-product", max_chars=64).strip()
    files = st.file_uploader(
        "Pictures of good parts",
        type=list(TYPES),
        accept_multiple_files=True,
        key="uploads",
        max_upload_size=LARGEST_MB,
        help=f"Up to {MOST_FILES} pictures, each of at most {LARGEST_MB} MB; ten are enough to begin with.",
    )
    with st.container(horizontal=True, key="teach"):
        st.button("Check these pictures", disabled=not (files and name), on_click=_check, args=(name,))
    kept: Kept | None = st.session_state.get(_KEPT)
    if kept is not None and kept.folder.parent.name == name:
        _show_kept(kept)
    else:
        kept = None
    reviewed = _reviewed(product) if product is not None and is_active else 0
    with st.container(horizontal=True, vertical_alignment="center", key="ask"):
        st.checkbox("Learn all pictures, also those that look odd", key="keep-all")
        usable = kept is not None and kept.pictures > 0
        if is_active:
            st.button(
                "Learn these too", type="primary", disabled=not usable, on_click=_retrain, args=(name, False)
            )
            st.button(
                f"Learn from reviews ({reviewed} false rejects)",
                disabled=not reviewed,
                on_click=_retrain,
                args=(name, True),
            )
        st.button(
            "Train anew from these" if is_active else "Train",
            type="secondary" if is_active else "primary",
            disabled=not usable,
            on_click=_train,
            args=(name,),
        )


def _show_kept(kept: Kept) -> None:
    sizes = ", ".join(f"{width} × {height} px" for width, height in kept.sizes_px[:3])  # noqa: RUF001
    promised = promised_rate(kept.pictures, RATE) if kept.pictures else 1.0
    enough = f"They can promise {100 * max(promised, RATE):.2g} % false rejects."
    if promised > RATE:
        enough += f" {normals_needed(RATE)} can promise {100 * RATE:g} %."
    lines = [f"{kept.pictures} pictures can be used ({sizes}). {enough}"] if kept.pictures else []
    lines += [f"Not used: {name}: {why}" for name, why in kept.refused[:12]]
    more = len(kept.refused) - 12
    lines += [f"and {more} more" for _ in range(more > 0)]
    st.html(
        '<div class="told" role="status">' + "".join(f"<p>{escape(line)}</p>" for line in lines) + "</div>"
    )


def _reviewed(product: str) -> int:
    return len(records().reviews.decided(product, [Decision.FALSE_REJECT], limit=MOST_FILES))


def _check(product: str) -> None:
    files = list(st.session_state.get("uploads") or ())

    def check() -> str:
        by = require(Role.ENGINEER).name
        kept = keep_uploads(files, settings().dashboard.uploads_dir, product, by=by, at=datetime.now(UTC))
        st.session_state[_KEPT] = kept
        return f"{kept.pictures} of {len(files)} pictures were taken."

    attempt(check)


def _train(product: str) -> None:
    def train() -> str:
        return _ask(JobKind.TRAIN, product, {"normals": _folder(product)})

    attempt(train)


def _retrain(product: str, from_reviews: bool) -> None:
    def retrain() -> str:
        kept: Kept | None = st.session_state.get(_KEPT)
        folder = str(kept.folder.absolute()) if kept is not None and kept.pictures else None
        return _ask(JobKind.RETRAIN, product, {"normals": folder, "from_reviews": from_reviews})

    attempt(retrain)


def _ask(kind: JobKind, product: str, arguments: dict[str, Any]) -> str:
    """Ask the worker. Raises AccountError where the visitor may not."""
    by = require(Role.ENGINEER).name
    arguments |= {"keep_all": bool(st.session_state.get("keep-all"))}
    number = records().jobs.ask(kind, product, arguments, by=by, at=datetime.now(UTC))
    st.session_state.pop(_KEPT, None)
    return f"Job {number} waits for the worker."


def _folder(product: str) -> str:
    kept: Kept | None = st.session_state.get(_KEPT)
    if kept is None or kept.folder.parent.name != product or not kept.pictures:
        raise DashboardError("nothing was asked for", "no pictures were checked", "Upload pictures first")
    return str(kept.folder.absolute())
