"""Hyperparameter search, `pinn sweep`: spaces in Hydra's words, trials in worker processes, Optuna as the memory.

The parent process asks Optuna for the next trial, hands its words to a free worker, passes on what the training says
of its error, and ends a training that is hopeless. Workers know no Optuna: they run `pinn` with the words they get.
"""
