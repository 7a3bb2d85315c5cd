"""Names every module that holds tables, so that one import fills the metadata."""

from facilitator.accounts import models as accounts
from facilitator.attendance import models as attendance
from facilitator.curriculum import models as curriculum
from facilitator.groups import models as groups
from facilitator.library import models as library
from facilitator.materials import models as materials
from facilitator.planning import models as planning
from facilitator.prompts import models as prompts
from facilitator.reminders import models as reminders
from facilitator.reminders import models_worker as worker

MODELS = (accounts, curriculum, prompts, library, groups, planning, materials, reminders, worker, attendance)
