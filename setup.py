"Packaging: every setting is in `settings.ini`; edit there, not here."
from configparser import ConfigParser
from pathlib import Path
import re, setuptools

here = Path(__file__).parent
config = ConfigParser(delimiters=['='])
config.read(here/'settings.ini', encoding='utf-8')
cfg = config['DEFAULT']
lib = cfg['lib_path']
version = re.search(r'^__version__ *= *["\']([^"\']+)', (here/lib/'__init__.py').read_text(encoding='utf-8'), re.M)[1]  # nbdev-bump-version writes it there
extras = {o.removesuffix('_requirements'): v.split() for o,v in cfg.items() if o.endswith('_requirements')}
extras['dev'] = sorted({o for v in extras.values() for o in v})

setuptools.setup(
    name=cfg['lib_name'], version=version, description=cfg['description'], keywords=cfg['keywords'],
    author=cfg['author'], author_email=cfg['author_email'], license={'apache2':'Apache-2.0'}[cfg['license']],
    classifiers=['Development Status :: 3 - Alpha', 'Intended Audience :: Developers', 'Intended Audience :: Science/Research',
                 'Programming Language :: Python :: 3', 'Programming Language :: Python :: 3 :: Only'],
    packages=[*setuptools.find_packages(include=[lib, lib+'.*']), lib+'.book'],
    package_dir={lib+'.book':'nbs'}, package_data={'':['py.typed','*.pyi'], lib:['detectors/*/*'], lib+'.book':['*.ipynb', '*/*.ipynb', '*/*.png']},   # the notebooks travel with the library: `anomaly-nb book`
    python_requires='>='+cfg['min_python'], install_requires=cfg['requirements'].split(), extras_require=extras,
    long_description=(here/'README.md').read_text(encoding='utf-8') if (here/'README.md').exists() else '', long_description_content_type='text/markdown',
    entry_points={'console_scripts': cfg['console_scripts'].split(), 'nbdev':[f"{lib}={lib}._modidx:d"]},
    zip_safe=False)
