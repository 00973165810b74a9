// Where the page begins.

import { mount } from 'svelte'
import './ui/style.css'
import { APP, App } from './app.svelte'
import Page from './ui/Page.svelte'

const app = new App()
const target = document.getElementById('app')
if (target) mount(Page, { target, props: { app }, context: new Map([[APP, app]]) })
void app.start()
