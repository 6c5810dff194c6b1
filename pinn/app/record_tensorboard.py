"""Records for TensorBoard in the folder `tensorboard` of a run: `tensorboard --logdir outputs` shows all runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

from pinn.app.leaves import leaves
from pinn.app.recording import FINISHED, Row, final_values, steps_of

FOLDER = "tensorboard"
_FLUSH_EVERY = 2000  # milliseconds: what a process that is killed may lose


def recorder(config: Mapping[str, Any], folder: Path) -> TensorBoard:
    """For a run with this config in this folder."""
    return TensorBoard(config, folder)


@final
class TensorBoard:
    """Scalars while training; at the end what it came to, the figures, and the settings as hyperparameters."""

    def __init__(self, config: Mapping[str, Any], folder: Path) -> None:
        self._config, self._folder = config, folder
        self._writer: Any = None
        self._step = 0

    def check(self) -> None:
        """There is nothing that could be missing: the run's own folder is written."""

    def begin(self) -> None:
        import tensorflow as tf

        self._writer = tf.summary.create_file_writer(str(self._folder / FOLDER), flush_millis=_FLUSH_EVERY)

    def measure(self, row: Row) -> None:
        with self._writing() as tf:
            for name, value in row.values.items():
                tf.summary.scalar(name, value, step=row.step)
        self._step = row.step

    def finish(self, summary: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        from tensorboard.plugins.hparams import api as hparams

        self._step = max(self._step, steps_of(summary))
        with self._writing() as tf:
            for name, value in final_values(summary).items():
                tf.summary.scalar(name, value, step=self._step)
            for path in sorted((self._folder / "figures").glob("*.png")):
                image = tf.io.decode_png(path.read_bytes(), channels=3)
                tf.summary.image(path.stem, image[tf.newaxis], step=self._step)
            tf.summary.text("summary", f"```json\n{json.dumps(summary, indent=2)}\n```", step=self._step)
            hparams.hparams(dict(_settings(config)), trial_id=self._folder.name)

    def close(self, status: str) -> None:
        from tensorboard.plugins.hparams import api_pb2
        from tensorboard.plugins.hparams.summary import session_end_pb

        ended = api_pb2.STATUS_SUCCESS if status == FINISHED else api_pb2.STATUS_FAILURE
        with self._writing() as tf:
            tf.summary.experimental.write_raw_pb(session_end_pb(ended).SerializeToString(), step=0)
        self._writer.close()

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        import tensorflow as tf

        with tf.device("/CPU:0"), self._writer.as_default():
            yield tf


def _settings(config: Mapping[str, Any]) -> Iterator[tuple[str, bool | int | float | str]]:
    """The settings by dotted keys, in the kinds of values that TensorBoard knows."""
    for key, value in leaves(config):
        yield key, value if isinstance(value, bool | int | float | str) else str(value)
