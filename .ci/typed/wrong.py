"`user.py` with three wrong calls: the marked lines, and no others, must be reported"
from anomaly_nb.data import dataloader, open_data
from anomaly_nb.methods import TransFusion
from anomaly_nb.metrics import evaluate
from anomaly_nb.runs import RunFolder

good,test = dataloader(open_data('photos'), shuffle=True), dataloader(open_data('photos', split='test'))
det = TransFusion.small(size=128)
reveal_type(TransFusion.small(), expected_text='TransFusion')
reveal_type(det.fit(good, step=100).calibrate(good), expected_text='TransFusion') # error
reveal_type(det.size, expected_text='int')

x = next(iter(test)).x
print(det.predict(x).score.max(), det.explain(x)['reconstruction'].shape)
pred,truth = det.predict_dl(test)
print(evaluate(truth, pred)['image_auroc']) # error

run = RunFolder.create('runs/first', TransFusion, data='photos', size='big', preset='small', steps=100).fit() # error
print(run.measure(), run.report(), dataloader(run.data('test')))
reveal_type(RunFolder('runs/first').detector(TransFusion), expected_text='TransFusion')
