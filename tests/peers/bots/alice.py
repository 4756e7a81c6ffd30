"""A.L.I.C.E. as the program `aiml-bot` of python-aiml runs her, with random choices that are the same in every conversation.

She prompts with "> ".
"""

import random
import sys

from aiml.script.bot import main

random.seed(0)
sys.argv[1:] = ["--alice", "--interactive"]
main()
