"""WeChat's side doors: callbacks and the sign-in trip."""
