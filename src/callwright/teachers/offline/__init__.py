"""The offline teacher: no model, no network. It mines the examples, composes new conversations, and answers.

forms       how a value is said, and another value in the same form
shapes      what of a value is kept when another takes its place
values      what is known of a parameter's values; invention
changes     one value made of another
words       word lists of values; phrases: those of speech
alignment   which words carry an argument
discourse   how a turn leans on the one before
templates   what is mined from call after call
mining      turns as exchanges with slots
widening    what holds after more tools
describing  turns for tools without an example
skeletons   what is mined from questions, results and replies
wording     the same said differently
commands    call after call, composed
dialogues   questions, results and replies, composed
answering   the best matching turn of the examples answers
"""

from callwright.teachers.offline.teacher import OfflineTeacher

__all__ = ["OfflineTeacher"]
