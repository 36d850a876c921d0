import unittest
from pathlib import Path

from returns_desk import answer

from emulator import Emulator


class TestReturns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.emulator = cls.enterClassContext(Emulator(Path(__file__).with_name("returns.yaml")))
        cls.enterClassContext(cls.emulator.leading())  # the environment, and the guard against the real service

    def setUp(self):
        self.addCleanup(self.emulator.reset)
        self.addCleanup(self.emulator.check)  # cleanups run in reverse order

    def test_a_label_is_in_the_box(self):
        self.assertEqual(answer("How do I send it back?"), "Use the label in the box.")

    def test_the_money_comes_within_a_week(self):
        self.assertEqual(answer("When do I get my money?"), "Within a week.")
        (run,) = self.emulator.runs()
        self.assertEqual(run.status, "completed")
