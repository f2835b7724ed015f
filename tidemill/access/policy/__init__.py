"""Policy as code: what each role may do, and what the project's rules ask for.

`shipped.toml` comes with Tidemill; `policy.toml` beside tidemill.toml says what is otherwise, by key, and the rules. `read` decodes
both strictly, into a `Policy`; `policy_of` gives the one of an open project, read anew when the file is another. Where several
rules speak of the same thing the strictest of each counts (`rules`).
"""

from tidemill.access.policy.held import policy_of
from tidemill.access.policy.policy import Policy
from tidemill.access.policy.rules import Rule, strictest

__all__ = ["Policy", "Rule", "policy_of", "strictest"]
