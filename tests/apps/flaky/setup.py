from setuptools import setup

setup(name="moorings", version="1", py_modules=["moorings"], tests_require=["pytest"])
