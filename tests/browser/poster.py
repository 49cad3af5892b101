"""The README's picture, made of the story's screenshots."""

from pathlib import Path

from PIL import Image

# Where the sandbox draws its first two phones on a page 1440 wide: left, top, right, bottom.
FIRST_PHONE = (16, 80, 406, 898)
SECOND_PHONE = (422, 80, 812, 898)
HEIGHT = 640
GAP = 24
GROUND = "#dfe5e9"


def draw(artifacts: Path, target: Path) -> None:
    """Put the member's phone, the dispatcher's board and the technician's phone side by side."""
    parts = [
        _scaled(Image.open(artifacts / "story-9-done.png").crop(FIRST_PHONE)),
        _scaled(Image.open(artifacts / "story-4-board.png")),
        _scaled(Image.open(artifacts / "story-8-in-service.png").crop(SECOND_PHONE)),
    ]
    width = sum(part.width for part in parts) + GAP * (len(parts) + 1)
    poster = Image.new("RGB", (width, HEIGHT + 2 * GAP), GROUND)
    left = GAP
    for part in parts:
        poster.paste(part, (left, GAP))
        left += part.width + GAP
    target.parent.mkdir(parents=True, exist_ok=True)
    poster.save(target, optimize=True)


def _scaled(picture: Image.Image) -> Image.Image:
    size = (round(picture.width * HEIGHT / picture.height), HEIGHT)
    return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
