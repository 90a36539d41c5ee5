from setuptools import setup

setup(
    name="lantern",
    version="1",
    py_modules=["lantern"],
    python_requires=">=3.99",
)
