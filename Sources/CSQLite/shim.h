#include <sqlite3.h>

/* Two functions that take variable arguments, which Swift can't call. */
static inline int sqlite3_config_flag(int option, int on) {
    return sqlite3_config(option, on);
}

static inline int sqlite3_db_config_flag(sqlite3 *db, int option, int on) {
    return sqlite3_db_config(db, option, on, (int *)0);
}
