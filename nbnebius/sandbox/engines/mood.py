"""Whether a text is glad or sorry, by word lists."""

from nbnebius.sandbox.engines.words import STOP_WORDS, stem, words

_GLAD = (
    "amazing awesome beautiful best better bright brilliant cheap cheerful clean comfortable "
    "delicious delight delightful easy elegant enjoy enjoyed excellent exceptional fantastic fast "
    "favorite favourite fine flawless fresh friendly fun generous glad good gorgeous great happy "
    "helpful impressed impressive incredible inspiring joy kind love loved lovely marvelous nice "
    "outstanding perfect perfectly pleasant pleased polite quick recommend recommended reliable "
    "satisfied sharp smooth solid spotless stunning sturdy super superb sweet tasty terrific "
    "thank thanks top useful warm welcoming wonderful worth yummy"
)
_SORRY = (
    "angry annoying awful bad bland boring broke broken bug buggy cheated cold cracked crash "
    "crashed crashes damaged dead defective delay delayed dirty disappointed disappointing "
    "disappointment dreadful dull error expensive fail failed fails failure faulty filthy flimsy "
    "frustrating garbage hate hated horrible ignored junk lacking late leak leaked leaking loud "
    "mediocre mess missing never noisy overpriced pain pathetic poor poorly problem problems "
    "refund refused regret rude sad scratched shame slow smell smelled smelly sorry stale stopped "
    "stupid terrible torn ugly unacceptable uncomfortable unfriendly unhappy unhelpful unreliable "
    "upset useless waste wasted weak worse worst wrong"
)
_TURNING = "not no never hardly don't didn't isn't wasn't doesn't won't can't nothing without"
_TURN = frozenset(_TURNING.split())
_GLAD_STEMS = {stem(word) for word in _GLAD.split()}
_SORRY_STEMS = {stem(word) for word in _SORRY.split()}
_REACH = 3

_LABELS = {
    "positive": {"positive", "pos", "good", "happy", "glad", "praise", "like", "yes", "promoter",
                 "satisfied", "favorable", "favourable", "recommend", "joy", "up"},
    "negative": {"negative", "neg", "bad", "sad", "angry", "complaint", "dislike", "no",
                 "detractor", "unsatisfied", "unfavorable", "anger", "sadness", "down"},
    "mixed": {"mixed", "both", "ambivalent"},
    "neutral": {"neutral", "none", "other", "passive", "unclear", "unknown"},
}  # fmt: skip


def counts(text: str) -> tuple[int, int]:
    """Count the glad and the sorry words of a text, turned round after a "not"."""
    found = [word.lower().replace("\u2019", "'") for word in words(text)]
    glad = sorry = 0
    for index, word in enumerate(found):
        if word in _TURN and word != "never":
            continue
        turned = any(before in _TURN for before in found[max(0, index - _REACH) : index])
        root = word if word in STOP_WORDS else stem(word)
        if root in _GLAD_STEMS:
            glad, sorry = (glad, sorry + 1) if turned else (glad + 1, sorry)
        elif root in _SORRY_STEMS:
            glad, sorry = (glad + 1, sorry) if turned else (glad, sorry + 1)
    return glad, sorry


def mood(text: str) -> str:
    """Name a text's mood: positive, negative, mixed or neutral."""
    glad, sorry = counts(text)
    if glad and sorry:
        return "mixed" if abs(glad - sorry) <= 1 else "positive" if glad > sorry else "negative"
    return "positive" if glad else "negative" if sorry else "neutral"


def gladness(text: str) -> float:
    """Measure a text's mood from -1 to 1."""
    glad, sorry = counts(text)
    return (glad - sorry) / (glad + sorry + 0.5) if glad + sorry else 0.0


def fits(label: str, feeling: str) -> bool:
    """Tell whether a label is a word for a mood."""
    return label.lower() in _LABELS[feeling]


def is_mood(label: str) -> bool:
    """Tell whether a label is a word for any mood."""
    return any(label.lower() in labels for labels in _LABELS.values())
