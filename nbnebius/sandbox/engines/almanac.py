"""A few things that everybody knows, so that plain questions get plain answers."""

import re

LISTS = {
    "colour color": "red orange yellow green blue purple pink brown black white grey teal",
    "fruit": "apples bananas cherries grapes lemons mangoes oranges peaches pears plums kiwis figs",
    "vegetable": "carrots onions peas tomatoes spinach potatoes beans leeks beets peppers",
    "animal": "cats dogs elephants foxes horses lions owls penguins rabbits whales bears bees",
    "planet": "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune",
    "weekday day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "month": "January February March April May June July "
    "August September October November December",
    "season": "spring summer autumn winter",
    "continent": "Africa Antarctica Asia Australia Europe America",
    "city": "Paris Berlin Madrid Rome Vienna Lisbon Oslo Warsaw Tokyo Cairo Lima Nairobi",
    "country": "France Germany Spain Italy Austria Portugal Norway Poland Japan Egypt Peru Kenya",
    "language": "Python JavaScript Java Rust Go C++ Ruby Julia Kotlin Swift R SQL",
    "instrument": "piano violin guitar flute drums cello trumpet harp clarinet oboe",
    "sport": "football tennis rowing hockey swimming chess boxing golf cycling judo",
}

CAPITALS = {
    "argentina": "Buenos Aires", "australia": "Canberra", "austria": "Vienna",
    "belgium": "Brussels", "brazil": "Brasília", "canada": "Ottawa", "china": "Beijing",
    "denmark": "Copenhagen", "egypt": "Cairo", "finland": "Helsinki", "france": "Paris",
    "germany": "Berlin", "greece": "Athens", "hungary": "Budapest", "india": "New Delhi",
    "ireland": "Dublin", "italy": "Rome", "japan": "Tokyo", "kenya": "Nairobi",
    "mexico": "Mexico City", "netherlands": "Amsterdam", "norway": "Oslo", "peru": "Lima",
    "poland": "Warsaw", "portugal": "Lisbon", "spain": "Madrid", "sweden": "Stockholm",
    "switzerland": "Bern", "turkey": "Ankara", "ukraine": "Kyiv",
}  # fmt: skip


def known_list(noun_phrase: str) -> list[str]:
    """Give the things that a noun phrase like "primary colours" names; none for most."""
    for word in noun_phrase.lower().split():
        single = word.strip(",.?!:")
        single = f"{single[:-3]}y" if single.endswith("ies") else single.removesuffix("s")
        for names, things in LISTS.items():
            if single in names.split():
                return things.split()
    return []


_NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "twenty": 20,
}  # fmt: skip
_COUNTED = re.compile(
    rf"\b(?:list|give(?: me)?|name|suggest|write|propose|find|tell me|show(?: me)?|what are|top)\b"
    rf"[^.?!\n]{{0,20}}?\b(\d{{1,3}}|{'|'.join(_NUMBERS)})\s+((?:[\w-]+\s*){{1,6}})", re.IGNORECASE
)  # fmt: skip


def counted(text: str) -> tuple[int, str] | None:
    """Read how many of what a text asks for, as in "name three planets"."""
    match = _COUNTED.search(text)
    if match is None:
        return None
    return int(_NUMBERS.get(match[1].lower(), 0) or match[1]), match[2]
