// Where the page begins.

import { mount } from 'svelte'
import './ui/style.css'
import { App } from './app.svelte'
import Page from './ui/Page.svelte'

const app = new App()
const target = document.getElementById('app')
if (target) mount(Page, { target, props: { app } })
void app.start()
