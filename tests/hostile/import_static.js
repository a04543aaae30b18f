// expect: failed
import fs from "fs";
