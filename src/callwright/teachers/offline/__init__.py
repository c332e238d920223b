"""The offline teacher: no model, no network. It mines the examples, composes new conversations, and answers.

forms       how a value is said, and another value in the same form
shapes      what of a value is kept when another takes its place
values      what is known of a parameter's values; invention
changes     one value made of another
words       word lists of values; phrases: those of speech
alignment   which words carry an argument
discourse   how a turn leans on the one before
templates   what is mined from call after call
mining      turns as exchanges with slots; marking: values taken out of them
widening    what holds after more tools
describing  turns for tools without an example
skeletons   what is mined from questions, results and replies
wording     the same said differently
action      what people ask for, as small grammars; actions, dealings: in any trade
sequels     how they go on after a call; replies: what is said between calls
grammar     one sentence of many
callforms   the ways to call a job's tools
orders      requests of the stock for them; followups: those that lean on a call before; stock: both
choosing    what comes next, and how often
commands    call after call, composed; saying: a value among words
standing    what a turn of a dialogue is there for
cases       errors, empty results, small talk and what no tool does
worded      what was worded already
dialogues   questions, results and replies, composed
answering   the best matching turn of the examples answers
"""

from callwright.teachers.offline.teacher import OfflineTeacher

__all__ = ["OfflineTeacher"]
