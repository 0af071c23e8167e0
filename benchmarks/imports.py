"What an import costs: CPU seconds of a fresh interpreter, the least of five: python benchmarks/imports.py"
import subprocess, sys

def cost(code):
    "CPU seconds of a fresh interpreter that runs `code`, the least of five"
    run = [sys.executable, '-c', f'{code}; import time; print(time.process_time())']
    return min(float(subprocess.run(run, capture_output=True, text=True, check=True).stdout) for _ in range(5))

alone,ours = cost('import torch'), cost('import torch; from anomaly_nb.methods import TransFusion')
print(f'import torch {alone:.2f}, with TransFusion {ours:.2f}: {ours-alone:.2f} s more')
