"""The page of dependencies says why each package is here, and in which version."""

from tools.dependency_reference import PAGE, dates_of_page, groups, render, versions


def test_every_package_has_its_reason_and_its_version_stands_on_the_page() -> None:
    page, pinned, dates = PAGE.read_text(encoding="utf-8"), versions(), dates_of_page()
    fresh = render(dates)
    for group in groups():
        for package in group.packages:
            start = f"| `{package}` | {pinned.get(package, '–')} | "
            assert start in fresh, f"give {package} a reason in requirements/reasons.toml"
            assert start in page, "make docs-reference"
            assert dates[package], "python tools/dependency_reference.py --dates"
