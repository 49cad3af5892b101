// One visit's page: the code at the door, the time it takes, the photos of the work.

import "./code.js";
import "./elapsed.js";
import "./photos.js";
