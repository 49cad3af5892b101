// Today's page: an arrival says where the phone is.

import "./locate.js";
