from setuptools import setup

setup(name="tariff", version="1.0", packages=["tariff"])
