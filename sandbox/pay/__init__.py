"""WeChat Pay for one merchant: orders, refunds, the pay sheet on a phone, and the notices of them.

The API that the merchant calls is `sandbox.api.pay`; what people and tests do is
`sandbox.control.payments`. Expiry and success times are business time; signatures, the life of a
prepay_id and the notices' schedule are true time.
"""
