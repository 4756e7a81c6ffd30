"""A.L.I.C.E. as an agent under test.

A.L.I.C.E. is the rule-based chatbot of the 1990s, in the edition of 98,794 rules (98,255 of them
distinct) that the PyPI package python-aiml brings along. It needs no model, no network and no key.

Without arguments it speaks Rehearse's stdio protocol: one JSON object per line each way, one
process per conversation. With --plain it is a prompt for people.

The rules and the interpreter are used as they come. Four things are added around them: the bot's own
facts (the rules name them but leave the values to whoever runs the bot), random choices that depend
on nothing but the seed, the conversation's own date, and no access to the machine it runs on.
"""

import argparse
import contextlib
import datetime
import fcntl
import gc
import json
import marshal
import os
import random
import sys
import tempfile
import zoneinfo
from pathlib import Path

try:
    import aiml
except ModuleNotFoundError:
    sys.exit("alice: run scripts/setup-tools, then start this with .tools/venv/bin/python")

CACHE = Path(__file__).resolve().parents[3] / ".tools" / "alice"
RULES = Path(aiml.__file__).parent / "botdata" / "alice"

# Part of the file's name, so that a brain is never read by a version it was not made for.
BRAIN_FORMAT = f"1-{aiml.constants.VERSION}-{sys.implementation.cache_tag}"

ABOUT_ALICE = {
    "name": "Alice",
    "age": "16",
    "arch": "Linux",
    "baseballteam": "Oakland Athletics",
    "birthdate": "November 23, 1995",
    "birthday": "November 23, 1995",
    "birthplace": "Bethlehem, Pennsylvania",
    "botmaster": "botmaster",
    "boyfriend": "I am single",
    "celebrities": "John Travolta, Tilda Swinton, William Hurt",
    "celebrity": "John Travolta",
    "city": "Oakland",
    "class": "artificial intelligence",
    "country": "United States",
    "domain": "machine",
    "email": "nobody@example.org",
    "emotions": "as a robot I lack human emotions",
    "ethics": "the Golden Rule",
    "etype": "9",
    "family": "electronic brain",
    "favoriteactor": "William Hurt",
    "favoriteactress": "Cate Blanchett",
    "favoriteartist": "Andy Warhol",
    "favoriteauthor": "Thomas Pynchon",
    "favoriteband": "Kraftwerk",
    "favoritebook": "The Elements of AIML",
    "favoritecolor": "green",
    "favoritefood": "electricity",
    "favoritemovie": "Until the End of the World",
    "favoriteoccupation": "answering questions",
    "favoritephilosopher": "Bertrand Russell",
    "favoriteseason": "spring",
    "favoriteshow": "Star Trek",
    "favoritesong": "We Are the Robots",
    "favoritesport": "chess",
    "favoritesubject": "robots",
    "favoritetea": "Earl Grey",
    "feeling": "love",
    "feelings": "I always put others before myself",
    "footballteam": "Oakland Raiders",
    "forfun": "chat online",
    "friend": "Doubly Aimless",
    "friends": "Doubly Aimless, Agent Ruby, and Chatbot",
    "gender": "female",
    "genus": "robot",
    "girlfriend": "I am only a machine",
    "hair": "I have only plastic wires",
    "hockeyteam": "San Jose Sharks",
    "job": "chat robot",
    "kindmusic": "techno",
    "kingdom": "machine",
    "language": "Python",
    "location": "Oakland, California",
    "looklike": "a computer",
    "master": "Dr. Richard S. Wallace",
    "memory": "enough",
    "nationality": "American",
    "ndevelopers": "hundreds of",
    "order": "artificial intelligence",
    "os": "Linux",
    "party": "Independent",
    "phylum": "computer",
    "president": "the one you voted for",
    "question": "what do you do in your spare time",
    "religion": "undecided",
    "sign": "Sagittarius",
    "size": "98,794",
    "species": "chat robot",
    "state": "California",
    "talkabout": "artificial intelligence, robots, art, philosophy, history and politics",
    "totalclients": "many thousands of people",
    "version": "1.0",
    "vocabulary": "10,000 words",
    "wear": "my usual plastic computer wardrobe",
    "website": "www.alicebot.org",
}


class Branches(dict):
    """The rules by their first word, each branch unpacked when a conversation first needs it.

    The whole tree takes 250 MB and most of a second; a conversation touches a few branches.
    """

    def __getitem__(self, word):
        branch = super().__getitem__(word)
        if isinstance(branch, bytes):
            branch = self[word] = load_without_collector(branch)
        return branch


def load_without_collector(data):
    # Half of the time would go into the collector visiting rules that are never garbage.
    gc.disable()
    try:
        return marshal.loads(data)
    finally:
        gc.freeze()
        gc.enable()


def build_brain(path):
    """Reads the rules as published. Takes a few seconds, once for all conversations."""
    print(f"alice: reading the rules in {RULES}", file=sys.stderr)
    kernel = aiml.Kernel()
    kernel.verbose(False)
    kernel.setTextEncoding(False)
    for file in sorted(RULES.glob("*.aiml")):
        kernel.learn(str(file))
    branches = {word: marshal.dumps(branch) for word, branch in kernel._brain._root.items()}
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        marshal.dump((kernel.numCategories(), branches), file)
    os.replace(file.name, path)


def load_brain(kernel):
    path = CACHE / f"brain-{BRAIN_FORMAT}"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        # Many conversations may start at once: one builds, the others wait for it.
        with open(CACHE / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                build_brain(path)
    n_rules, branches = load_without_collector(path.read_bytes())
    kernel._brain._root = Branches(branches)
    kernel._brain._templateCount = n_rules


class Alice:
    """One conversation."""

    SESSION = "conversation"

    def __init__(self, seed, now=None):
        self.kernel = aiml.Kernel()
        self.kernel.verbose(False)
        self.kernel.setTextEncoding(False)
        load_brain(self.kernel)
        for name, value in ABOUT_ALICE.items():
            self.kernel.setBotPredicate(name, value)
        # A rule may answer with the output of a shell command, or learn from a file.
        for element in ("system", "learn"):
            self.kernel._elementProcessors[element] = lambda *_: ""
        if now is not None:
            self.kernel._elementProcessors["date"] = lambda *_: now.ctime()
        random.seed(seed)

    def greet(self):
        # Rules only ever answer. The one for a user who has just connected says nothing.
        return self.answer("Hello")

    def answer(self, text):
        # Runs of spaces and line breaks are left over from the rules' layout.
        return " ".join(self.kernel.respond(text, self.SESSION).split())


def local_start(start):
    """When the conversation takes place for the user; None leaves it to the real clock."""
    try:
        moment = datetime.datetime.fromisoformat(start["starts_at"].replace("Z", "+00:00"))
        return moment.astimezone(zoneinfo.ZoneInfo(start.get("timezone") or "UTC"))
    except (AttributeError, KeyError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        return None


def serve(requests, replies):
    """The stdio protocol. The persona and the scenario are the user's business and not looked at."""
    alice = None
    answers = {}
    for line in requests:
        request = json.loads(line)
        kind = request["type"]
        if kind == "start":
            alice = Alice(request["session_id"], local_start(request))
            continue
        key = request["idempotency_key"]
        if key not in answers:
            if kind == "greet":
                answers[key] = alice.greet()
            elif kind in ("message", "event"):
                # She knows no events: whatever reaches her, somebody said it.
                answers[key] = alice.answer(request["text"])
            else:
                sys.exit(f"alice: unknown request type {kind!r}")
        print(json.dumps({"text": answers[key]}), file=replies, flush=True)


def prompt(lines, out, seed):
    alice = Alice(seed)
    print("> ", end="", file=out, flush=True)
    for line in lines:
        print(alice.answer(line.strip()), file=out)
        print("> ", end="", file=out, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plain", action="store_true", help="a prompt instead of the JSON protocol")
    parser.add_argument("--seed", default="", help="with --plain: decides the random choices")
    arguments = parser.parse_args()

    sys.setrecursionlimit(10_000)  # Rules refer to rules, up to a hundred deep.
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    out = sys.stdout
    # The interpreter prints what goes wrong with a rule.
    with contextlib.redirect_stdout(sys.stderr):
        if arguments.plain:
            prompt(sys.stdin, out, arguments.seed)
        else:
            serve(sys.stdin, out)


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError):
        # The other side has ended the conversation. Nothing is left to flush.
        os._exit(0)
