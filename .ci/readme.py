"README.md from nbs/index.ipynb: prose, the cells that are not hidden, and their stored outputs; figures go to nbs/images."
import re
from pathlib import Path
import nbformat
from nbconvert import MarkdownExporter

root = Path(__file__).resolve().parents[1]
hidden = re.compile(r'^\s*#\|\s*(hide|eval:\s*false)', re.M)
nb = nbformat.read(root/'nbs'/'index.ipynb', as_version=4)
nb.cells = [o for o in nb.cells if not (o.cell_type=='code' and hidden.search(o.source))]
for o in nb.cells: o.source = re.sub(r'^#\|.*\n', '', o.source, flags=re.M)
nb.metadata.language_info = dict(name='python')   # else the fences get no language
body,res = MarkdownExporter().from_notebook_node(nb, resources=dict(output_files_dir='nbs/images', unique_key='index'))
for name,data in res['outputs'].items():
    (root/name).parent.mkdir(exist_ok=True)
    (root/name).write_bytes(data)
body = body.replace('](images/', '](nbs/images/')
ansi = re.compile(r'\x1b\[[0-9;]*m')
(root/'README.md').write_text(ansi.sub('', re.sub(r'\n{3,}', '\n\n', body)).strip()+'\n', encoding='utf-8')
