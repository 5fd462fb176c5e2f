//! Room parameters, their limits and links; turns names into machines
