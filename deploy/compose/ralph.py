"""Start Ralph with one user, `lms`, whose password is RALPH_LMS_PASSWORD.

Ralph wants a file with its hash. It is made here, in Ralph's container, so that no command line and
no file has the password.
"""

import json
import os
from pathlib import Path

import bcrypt

password = os.environ.pop("RALPH_LMS_PASSWORD")
credentials = {
    "username": "lms",
    "hash": bcrypt.hashpw(password.encode(), bcrypt.gensalt()).decode(),
    "scopes": ["statements/write", "statements/read"],
    "agent": {"account": {"name": "lms", "homePage": "https://oars.invalid"}},
}
folder = Path(os.environ["RALPH_APP_DIR"])
folder.mkdir(mode=0o700, exist_ok=True)
(folder / "auth.json").write_text(json.dumps([credentials]))

os.execvp("uvicorn", ["uvicorn", "ralph.api:app", "--host", "0.0.0.0", "--port", "8100"])
