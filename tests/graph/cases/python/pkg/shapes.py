import math


class Shape:
    def area(self):
        return 0

    def describe(self):
        return self.area()


class Square(Shape):
    def __init__(self, side):
        self.side = side
        self.helper = Helper()

    def area(self):
        return math.pow(self.side, 2)

    def run(self):
        self.helper.work()
        return super().describe()


class Helper:
    def work(self):
        return pow(2, 3)
