// One visit's page: where he arrives, the code at the door, the time it takes, scans and photos of the
// work, and what is said when nobody opens.

import "./code.js";
import "./dial.js";
import "./elapsed.js";
import "./locate.js";
import "./photos.js";
import "./scan.js";
import "./slide.js";
