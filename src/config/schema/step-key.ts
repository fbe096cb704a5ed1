/** A threshold's key: `scale_up_N` or `scale_down_N`, N being the number of workers to go to. */
export const STEP_KEY = /^scale_(up|down)_([1-9][0-9]{0,3})$/;
