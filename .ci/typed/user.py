"A user's script as an editor sees it: nobody runs it, `.ci/typecheck.py` has it checked"
from anomaly_nb.data import dataloader, open_data
from anomaly_nb.methods import TransFusion
from anomaly_nb.metrics import evaluate
from anomaly_nb.runs import RunFolder

good,test = dataloader(open_data('photos'), shuffle=True), dataloader(open_data('photos', split='test'))
det = TransFusion.small(size=128)
reveal_type(TransFusion.small(), expected_text='TransFusion')
reveal_type(det.fit(good, steps=100).calibrate(good), expected_text='TransFusion')
reveal_type(det.size, expected_text='int')

x = next(iter(test)).x
print(det.predict(x).score.max(), det.explain(x)['reconstruction'].shape)
pred,truth = det.predict_dl(test)
print(evaluate(pred, truth)['image_auroc'])

run = RunFolder.create('runs/first', TransFusion, data='photos', size=det.size, preset='small', steps=100).fit()
print(run.measure(), run.report(), dataloader(run.data('test')))
reveal_type(RunFolder('runs/first').detector(TransFusion), expected_text='TransFusion')
