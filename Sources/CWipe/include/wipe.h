#pragma once

/* Nothing to call: whatever is linked with this gives its memory back empty (wipe.c). */
