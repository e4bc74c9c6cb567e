"""Which files are scored and how their maps are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import DatasetError
from inspector.scoring import Picture, find_pictures, map_names


def named(*names: str) -> list[Picture]:
    return [Picture(Path("in") / name, Path(name)) for name in names]


def test_files_and_folders_are_taken_in_the_order_given_and_once(pictures: Path) -> None:
    single = pictures / "good" / "002.png"
    found = find_pictures([single, pictures / "good", pictures])
    assert [str(picture.name) for picture in found] == [
        "002.png",
        "000.png",
        "001.png",
        "003.png",
        "blot/000.png",
        "blot/001.png",
        "blot/002.png",
    ]


def test_a_file_named_in_two_ways_is_taken_once(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pictures)
    assert len(find_pictures([Path("good/000.png"), pictures / "good/../good/000.png"])) == 1


def test_a_file_of_any_ending_is_taken_when_it_is_named(pictures: Path) -> None:
    odd = (pictures / "good" / "000.png").rename(pictures / "frame.dat")
    assert find_pictures([odd]) == [Picture(odd, Path("frame.dat"))]


def test_a_path_that_is_not_there_and_a_folder_without_pictures_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.png cannot be scored"):
        find_pictures([tmp_path / "none.png"])
    with pytest.raises(DatasetError, match=f"no pictures found in {tmp_path}"):
        find_pictures([tmp_path])


@pytest.mark.parametrize(
    ("pictures", "maps"),
    [
        (["a/0.png", "b/0.png"], ["a/0.npy", "b/0.npy"]),
        (["0.png", "0.jpg"], ["0.npy", "0.jpg.npy"]),
        (["0.png", "0.png"], ["0.npy", "0.png.npy"]),
        (["0.png", "0.png", "0.png", "0.png"], ["0.npy", "0.png.npy", "0.png-2.npy", "0.png-3.npy"]),
        (["A.png", "a.png"], ["A.npy", "a.png.npy"]),
        (["no_ending", "x.tar.png"], ["no_ending.npy", "x.tar.npy"]),
    ],
)
def test_maps_are_named_as_their_pictures(pictures: list[str], maps: list[str]) -> None:
    assert [str(name) for name in map_names(named(*pictures))] == maps


NAMES = st.lists(st.text("aA0.-", min_size=1, max_size=4), min_size=1, max_size=3).map("/".join)


@given(st.lists(NAMES, max_size=25))
def test_no_two_maps_ever_share_a_name(names: list[str]) -> None:
    usable = [name for name in names if Path(name).name and ".." not in name]
    maps = [str(name).casefold() for name in map_names(named(*usable))]
    assert len(set(maps)) == len(maps) == len(usable)
