// Runs in Electron: draws SVG files at given sizes. Reads `[{ svg, size }]` as JSON from the file named last and writes
// `[{ size, png, rgba }]`, both in base64, into the same file.
'use strict'

const fs = require('node:fs')
const { app, BrowserWindow } = require('electron')

const file = process.argv.at(-1)

/** Runs in the page. */
async function draw(svg, size) {
  const image = new Image(size, size)
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg.replace('<svg ', `<svg width="${size}" height="${size}" `))}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = size
  canvas.height = size
  const context = canvas.getContext('2d')
  context.drawImage(image, 0, 0, size, size)
  const pixels = context.getImageData(0, 0, size, size).data
  let bytes = ''
  for (let i = 0; i < pixels.length; i += 8192) bytes += String.fromCharCode(...pixels.subarray(i, i + 8192))
  return { size, png: canvas.toDataURL('image/png').split(',')[1], rgba: btoa(bytes) }
}

app.whenReady().then(async () => {
  const window = new BrowserWindow({ show: false })
  await window.loadURL('data:text/html,<title>icons</title>')
  const drawn = []
  for (const { svg, size } of JSON.parse(fs.readFileSync(file, 'utf8'))) {
    const call = `(${draw})(${JSON.stringify(svg)}, ${JSON.stringify(size)})`
    drawn.push(await window.webContents.executeJavaScript(call))
  }
  fs.writeFileSync(file, JSON.stringify(drawn))
  app.exit(0)
})
