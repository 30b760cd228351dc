/* Calls a library's function again and again, so that no interpreter runs between two calls.
 * The first status that is not 0 ends the loop and is returned. */

int repeat(int (*call)(void *), void *object, int calls) {
    int status = 0;
    for (int i = 0; i < calls && status == 0; i++) {
        status = call(object);
    }
    return status;
}

/* The same for oneDNN's `dnnl_primitive_execute`. */
int repeat_primitive(int (*execute)(void *, void *, int, void *), void *primitive, void *stream, int count, void *args,
                     int calls) {
    int status = 0;
    for (int i = 0; i < calls && status == 0; i++) {
        status = execute(primitive, stream, count, args);
    }
    return status;
}
