"""Simulated courses, learners and statements: the input of the demo, tests and benchmarks."""

from oars.simulate.plan import SimulationPlan
from oars.simulate.simulation import Simulation

__all__ = ["Simulation", "SimulationPlan"]
