// electron-builder.yml with the Electron of ELECTRON_OVERRIDE_DIST_PATH.
export default { extends: 'file:electron-builder.yml', electronDist: process.env.ELECTRON_OVERRIDE_DIST_PATH }
