"""A Celery app for the tests: its broker is BROKER_URL, its traces are kept in the Redis of TRACE_URL."""

import os
import time

import redis
from celery import Celery

app = Celery("tasks", broker=os.environ["BROKER_URL"])
if "MASTER_NAME" in os.environ:
    app.conf.broker_transport_options = {"master_name": os.environ["MASTER_NAME"]}
if "KEY_PREFIX" in os.environ:
    app.conf.broker_transport_options = {"global_keyprefix": os.environ["KEY_PREFIX"]}
if "DEFAULT_QUEUE" in os.environ:
    app.conf.task_default_queue = os.environ["DEFAULT_QUEUE"]
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = int(os.environ.get("PREFETCH", 1))
app.conf.task_acks_late = os.environ.get("ACKS_LATE", "") == "1"
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_enable_remote_control = os.environ.get("REMOTE_CONTROL") != "off"
app.conf.control_exchange = os.environ.get("CONTROL_EXCHANGE", "celery")

traces = redis.Redis.from_url(os.environ.get("TRACE_URL", "redis://127.0.0.1:6379/15"))


@app.task(name="tasks.sleep")
def sleep(seconds):
    time.sleep(seconds)


@app.task(name="tasks.trace")
def trace(id, seconds=0.0):
    """Counts its end in trace:<id>: 0 is a lost task, 2 a doubled one."""
    time.sleep(seconds)
    traces.incr(f"trace:{id}")


@app.task(name="tasks.cpu")
def cpu(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
