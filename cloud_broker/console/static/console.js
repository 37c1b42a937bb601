/** What the pages do by themselves; everything else is the server's HTML and htmx. */

import { watchCharts } from "./charts.js";
import { keepTimesTrue } from "./times.js";
import { watchTables } from "./tables.js";
import { watchKeys } from "./keys.js";
import { watchStream } from "./live.js";
import { watchWall } from "./wall.js";

keepTimesTrue();
watchKeys();
watchTables();
watchCharts();
watchStream();
watchWall();
