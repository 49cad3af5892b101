"""The demo city: an empty database becomes three branches of Qingdao on a Monday at 09:00.

Door: `scripts.demo_city.city:seed`. One module per part: `catalogue`, `territories`, `people`,
`households`, `sign_ins`, `rewards`, `caring`, `growing`, and the days `history`, `today`, `ahead`. Bookings are taken at a `desk`
first come, first served, technicians drive their `rounds`, and `records` and `journal` write what a
real run would have left. The same seed makes the same city. `life` then moves it as the demo clock goes.
"""
