"""The sample schemas stand at the top of the checkout and are shipped inside the package."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["dbtune", "dbtune.*"]), "dbtune.sample_schemas"],
    package_dir={"dbtune.sample_schemas": "sample_schemas"},
    package_data={"dbtune": ["py.typed"], "dbtune.migrate": ["templates/*.j2"], "dbtune.sample_schemas": ["**/*.sql"]},
)
