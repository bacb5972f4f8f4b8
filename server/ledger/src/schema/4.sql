-- From here on there are events of tasks, which older versions cannot read: `task_queued` and `task_ended`. The latter
-- stands in `settles`, so that a task has one end, too.
CREATE INDEX open_tasks ON events (seq) WHERE kind = 'task_queued';
