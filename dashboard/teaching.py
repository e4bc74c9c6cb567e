"""Teaching a product: pictures are handed over, checked, and the worker is asked to learn from them."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any, Final

import streamlit as st

from dashboard.context import records, settings
from dashboard.language import _, ngettext
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
        name = st.text_input(_("Name of the new product"), key="new-product", max_chars=64).strip()
    files = st.file_uploader(
        _("Pictures of good parts"),
        type=list(TYPES),
        accept_multiple_files=True,
        key="uploads",
        max_upload_size=LARGEST_MB,
        help=_("Up to {n} pictures, each of at most {size} MB; ten are enough to begin with.").format(
            n=MOST_FILES, size=LARGEST_MB
        ),
    )
    with st.container(horizontal=True, key="teach"):
        st.button(_("Check these pictures"), disabled=not (files and name), on_click=_check, args=(name,))
    kept: Kept | None = st.session_state.get(_KEPT)
    if kept is not None and kept.folder.parent.name == name:
        _show_kept(kept)
    else:
        kept = None
    reviewed = _reviewed(product) if product is not None and is_active else 0
    with st.container(horizontal=True, vertical_alignment="center", key="ask"):
        st.checkbox(_("Learn all pictures, also those that look odd"), key="keep-all")
        usable = kept is not None and kept.pictures > 0
        if is_active:
            st.button(
                _("Learn these too"),
                type="primary",
                disabled=not usable,
                on_click=_retrain,
                args=(name, False),
            )
            st.button(
                ngettext(
                    "Learn from reviews ({n} false reject)",
                    "Learn from reviews ({n} false rejects)",
                    reviewed,
                ).format(n=reviewed),
                disabled=not reviewed,
                on_click=_retrain,
                args=(name, True),
            )
        st.button(
            _("Train anew from these") if is_active else _("Train"),
            type="secondary" if is_active else "primary",
            disabled=not usable,
            on_click=_train,
            args=(name,),
        )


def _show_kept(kept: Kept) -> None:
    sizes = ", ".join(f"{width} × {height} px" for width, height in kept.sizes_px[:3])  # noqa: RUF001
    promised = promised_rate(kept.pictures, RATE) if kept.pictures else 1.0
    lines = []
    if kept.pictures:
        usable = ngettext(
            "{n} picture can be used ({sizes}).", "{n} pictures can be used ({sizes}).", kept.pictures
        )
        lines.append(usable.format(n=kept.pictures, sizes=sizes))
        rate = f"{100 * max(promised, RATE):.2g}"
        lines.append(_("They can promise {rate} % false rejects.").format(rate=rate))
    if kept.pictures and promised > RATE:
        needed = normals_needed(RATE)
        lines.append(_("{n} can promise {rate} %.").format(n=needed, rate=f"{100 * RATE:g}"))
    lines += [_("Not used: {name}: {why}").format(name=name, why=why) for name, why in kept.refused[:12]]
    if (more := len(kept.refused) - 12) > 0:
        lines.append(_("and {n} more").format(n=more))
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
        return _("{n} of {all} pictures were taken.").format(n=kept.pictures, all=len(files))

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
    return _("Job {number} waits for the worker.").format(number=number)


def _folder(product: str) -> str:
    kept: Kept | None = st.session_state.get(_KEPT)
    if kept is None or kept.folder.parent.name != product or not kept.pictures:
        raise DashboardError("nothing was asked for", "no pictures were checked", "Upload pictures first")
    return str(kept.folder.absolute())
