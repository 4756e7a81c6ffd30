"""Eliza as NLTK ships her, with random choices that are the same in every conversation.

She prompts with ">" and no blank.
"""

import random

from nltk.chat.eliza import eliza_chat

random.seed(0)
eliza_chat()
